import Arborist from '@npmcli/arborist';

/** Arborist's names of two steps, which a subclass may replace. */
const REIFY_NODE = Symbol.for('reifyNode');
const LOAD_BUNDLES = Symbol.for('loadBundlesAndUpdateTrees');

interface Steps {
  [REIFY_NODE](node: Arborist.Node): Promise<Arborist.Node>;
  [LOAD_BUNDLES](...rest: unknown[]): Promise<void>;
}

const Plain = Arborist as unknown as new (options: Arborist.Options) => Arborist & Steps;

/**
 * npm's installer, changed to start all packages at once. npm first unpacks packages with bundles, to read these;
 * OpenClaw is one, and the largest. Arborist still removes packages that prove unnecessary.
 */
export class EagerArborist extends Plain {
  readonly #begun = new Map<Arborist.Node, Promise<Arborist.Node>>();
  readonly #check: (node: Arborist.Node) => void;
  #looked = false;

  /** @param check throws for a package that must not be fetched; arborist would pass over that of an optional one */
  constructor(options: Arborist.Options, check: (node: Arborist.Node) => void = () => {}) {
    super(options);
    this.#check = check;
  }

  override [REIFY_NODE](node: Arborist.Node): Promise<Arborist.Node> {
    const begun = this.#begun.get(node) ?? this.#reify(node);
    this.#begun.set(node, begun);
    return begun;
  }

  /** Checks here too: a package that a bundle lacks is fetched, and one from a shrinkwrap comes late. */
  async #reify(node: Arborist.Node): Promise<Arborist.Node> {
    if (isFetched(node)) this.#check(node);
    return super[REIFY_NODE](node);
  }

  override [LOAD_BUNDLES](...rest: unknown[]): Promise<void> {
    if (!this.#looked && this.diff) {
      this.#checkAll();
      this.#beginBelow(this.diff);
    }
    this.#looked = true;
    return super[LOAD_BUNDLES](...rest);
  }

  /** Includes packages for other platforms: the lockfile lists them for the next host. */
  #checkAll(): void {
    for (const node of this.idealTree?.inventory.values() ?? []) {
      if (node.parent && !node.inBundle && isFetched(node)) this.#check(node);
    }
  }

  #beginBelow({ children }: Arborist.Diff): void {
    for (const child of children) {
      const { action, ideal: node } = child;
      // Only the bundle may be below such a package while arborist reads it.
      if (node?.package.bundleDependencies?.length || node?.hasShrinkwrap) continue;
      // Arborist awaits this promise later and receives the error.
      if (node && action === 'ADD') this[REIFY_NODE](node).catch(() => {});
      this.#beginBelow(child);
    }
  }
}

/**
 * Arborist fetches nothing for a node without an address and without a name and a version, and removes it
 * (`extractOrLink` of its `reify`): an optional package that the registry does not have.
 */
export function isFetched({ resolved, package: { name, version } }: Arborist.Node): boolean {
  return Boolean(resolved) || Boolean(name && version);
}
