/**
 * Arguments: a command. Runs it as a child, hands signals on to it, and collects every orphan meanwhile: `wait` of a
 * shell also takes children that it did not start. Uses only what dash, busybox sh and bash all know.
 */
export const COLLECTOR = `
exec 3<&0
"$@" <&3 3<&- &
child=$! code=127
exec 3<&-
for signal in HUP INT QUIT TERM USR1 USR2; do
  trap "signalled=1; kill -$signal $child 2>/dev/null" "$signal"
done
while :; do
  signalled=''
  wait "$child"
  now=$?
  # 127: it was waited for already, when a signal came at the same time.
  [ "$now" = 127 ] || code=$now
  [ -n "$signalled" ] || exit "$code"
done
`;

type Execve = (file: string, argv: string[], env: NodeJS.ProcessEnv) => never;

/**
 * The first process of a container inherits every orphan, and Node waits only for its own children: others stay
 * zombies, until no process can be started any more. So this process becomes a shell that runs the same command below
 * itself. Returns where it need not or cannot.
 */
export function leaveFirstProcess(log: (line: string) => void): void {
  if (process.pid !== 1) return;
  // Node 22.15 and newer.
  const { execve } = process as { execve?: Execve };
  if (execve) {
    const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    execve('/bin/sh', ['sh', '-c', COLLECTOR, 'openclaw-releases-init', ...command], process.env);
  }
  log(
    `Node ${process.versions.node} cannot collect orphans as process 1: they stay as zombies. Next: docker run --init`,
  );
}
