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
  #looked = false;

  override [REIFY_NODE](node: Arborist.Node): Promise<Arborist.Node> {
    const begun = this.#begun.get(node) ?? super[REIFY_NODE](node);
    this.#begun.set(node, begun);
    return begun;
  }

  override [LOAD_BUNDLES](...rest: unknown[]): Promise<void> {
    if (!this.#looked && this.diff) this.#beginBelow(this.diff);
    this.#looked = true;
    return super[LOAD_BUNDLES](...rest);
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
