import { type CommandNode, type OptionNode, PROGRAM } from './tree.js';

const GENERATED = `# Completion of ${PROGRAM}; made by "npm run docs" from the commands themselves.`;
const FILES = ['file', 'directory', 'lockfile'];

/** Script for each shell, which reads the ids of releases from the root when a word is completed. */
export function completions(tree: CommandNode): Record<'bash' | 'zsh' | 'fish', string> {
  return { bash: bash(tree), zsh: zsh(tree), fish: fish(tree) };
}

const all = (node: CommandNode): CommandNode[] => [node, ...node.commands.flatMap(all)];
const wantsRelease = ({ arguments: [first] }: CommandNode) => first?.name === 'release';
const takesFile = ({ arguments: [first] }: CommandNode) => FILES.includes(first?.name ?? '');
const wantsFile = ({ value }: OptionNode) => FILES.includes(value ?? '');
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const namesOf = ({ commands }: CommandNode) =>
  commands.flatMap(({ path, aliases }) => [path.at(-1) ?? '', ...aliases]);

/** POSIX lines that print the ids; `$root` is the value of --root. */
const IDS = `  if [ -z "$root" ]; then
    root=\${OPENCLAW_RELEASES_ROOT:-}
  fi
  if [ -z "$root" ]; then
    root=\${XDG_DATA_HOME:-$HOME/.local/share}/openclaw-releases
    case "\${OPENCLAW_PROFILE:-default}" in default) ;; *) root=$root-$OPENCLAW_PROFILE ;; esac
  fi
  if [ -d "$root/releases" ]; then command ls "$root/releases"; fi
  printf '%s\\n' current previous`;

function bash(tree: CommandNode): string {
  const words = all(tree).map((node) => {
    const options = node.options.map(({ long }) => long);
    const wanted = [...namesOf(node), ...(node.arguments[0]?.choices ?? []), ...options, '--help'].join(' ');
    const ids = wantsRelease(node)
      ? ' $(_openclaw_releases_ids "$root")'
      : takesFile(node)
        ? ' $(compgen -f -- "$word")'
        : '';
    return `    ${quoted(node.path.join(' '))}) words="${wanted}${ids}" ;;`;
  });
  const values = new Map<string, Set<string>>();
  for (const { options } of all(tree))
    for (const option of options.filter(({ value }) => value !== null)) {
      const source = wantsFile(option) ? '-f' : `-W "${option.choices.join(' ')}"`;
      values.set(source, (values.get(source) ?? new Set()).add(option.long));
    }
  return `${GENERATED}
_openclaw_releases_ids() {
  local root=$1
${IDS}
}
_openclaw_releases() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} path= root= at words
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --root)
        at=$((at + 1))
        if [[ \${COMP_WORDS[at]} == '=' ]]; then at=$((at + 1)); fi
        root=\${COMP_WORDS[at]} ;;
      -*) ;;
      *) case "$path\${path:+ }\${COMP_WORDS[at]}" in
        ${all(tree)
          .slice(1)
          .map(({ path }) => quoted(path.join(' ')))
          .join(' | ')})
          path=$path\${path:+ }\${COMP_WORDS[at]} ;;
      esac ;;
    esac
  done
  case "$before" in
${[...values].map(([source, longs]) => `    ${[...longs].join('|')}) COMPREPLY=($(compgen ${source} -- "$word")); return ;;`).join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _openclaw_releases ${PROGRAM}
`;
}

function zsh(tree: CommandNode): string {
  // In a spec of _arguments a colon and a bracket end a part.
  const spec = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const option = (one: OptionNode) => {
    const repeats = /\.\.\.|again/.test(one.flags + one.description) ? '*' : '';
    const action = wantsFile(one) ? '_files' : one.choices.length > 0 ? `(${one.choices.join(' ')})` : '';
    return quoted(
      `${repeats}${one.long}[${spec(one.description)}]${one.value ? `:${spec(one.value)}:${action}` : ''}`,
    );
  };
  const name = ({ path }: CommandNode) => ['_openclaw_releases', ...path].join('_').replaceAll('-', '_');
  const functionOf = (node: CommandNode): string => {
    const lines = [...node.options.map(option), "'(- *)'--help'[show the help]'"];
    if (node.commands.length > 0) {
      const described = node.commands.map(({ path, description }) => quoted(`${path.at(-1)}:${description}`));
      const cases = node.commands.map(
        (one) => `    ${[one.path.at(-1), ...one.aliases].join('|')}) ${name(one)} ;;`,
      );
      return `${name(node)}() {
  local context state line curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
    ${described.join('\n    ')}
  )
  _arguments -C ${lines.join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest) case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
    }
    const [first] = node.arguments;
    if (first) {
      const action = wantsRelease(node)
        ? '_openclaw_releases_ids'
        : takesFile(node)
          ? '_files'
          : first.choices.length > 0
            ? `(${first.choices.join(' ')})`
            : '';
      lines.push(quoted(`1:${first.name}:${action}`));
    }
    return `${name(node)}() {\n  _arguments ${lines.join(' \\\n    ')}\n}`;
  };
  return `#compdef ${PROGRAM}
${GENERATED}
_openclaw_releases_names() {
  local root=$1
${IDS}
}
_openclaw_releases_ids() {
  local -a ids=(\${(f)"$(_openclaw_releases_names "\${(Q)opt_args[--root]}")"})
  compadd -a ids
}
${all(tree).map(functionOf).join('\n')}
if [ "$funcstack[1]" = _openclaw_releases ]; then _openclaw_releases "$@"; else compdef _openclaw_releases ${PROGRAM}; fi
`;
}

function fish(tree: CommandNode): string {
  const text = (words: string) => `'${words.replace(/['\\]/g, '\\$&')}'`;
  const lines = all(tree).flatMap((node) => {
    const at = `complete -c ${PROGRAM} -n ${text(`__openclaw_releases_at ${text(node.path.join(' '))}`)}`;
    const [first] = node.arguments;
    return [
      ...node.commands.map(({ path, description }) => `${at} -f -a ${path.at(-1)} -d ${text(description)}`),
      ...(wantsRelease(node) ? [`${at} -f -a '(__openclaw_releases_ids)'`] : []),
      ...(first && first.choices.length > 0 ? [`${at} -f -a ${text(first.choices.join(' '))}`] : []),
      ...(takesFile(node) ? [`${at} -F`] : []),
      ...node.options.map((option) => {
        const value = wantsFile(option)
          ? ' -r -F'
          : option.value
            ? ` -x -a ${text(option.choices.join(' '))}`
            : '';
        return `${at} -f -l ${option.long.slice(2)}${value} -d ${text(option.description)}`;
      }),
    ];
  });
  const paths = all(tree)
    .slice(1)
    .map(({ path }) => text(path.join(' ')))
    .join(' ');
  return `${GENERATED}
function __openclaw_releases_at
    set -l path
    for word in (commandline -opc)[2..]
        set -l longer (string join ' ' $path $word)
        if contains -- $longer ${paths}
            set path $longer
        end
    end
    test "$path" = "$argv[1]"
end
function __openclaw_releases_ids
    set -l root $OPENCLAW_RELEASES_ROOT
    set -l words (commandline -opc)
    set -l at (contains -i -- --root $words)
    and set root $words[(math $at + 1)]
    if test -z "$root"
        set root ~/.local/share
        set -q XDG_DATA_HOME; and set root $XDG_DATA_HOME
        set root $root/openclaw-releases
        if test -n "$OPENCLAW_PROFILE"; and test "$OPENCLAW_PROFILE" != default
            set root $root-$OPENCLAW_PROFILE
        end
    end
    test -d $root/releases; and command ls $root/releases
    printf '%s\\n' current previous
end
complete -c ${PROGRAM} -f
${lines.join('\n')}
`;
}
