import Arborist from '@npmcli/arborist';

/** Names that arborist gives these two of its steps, for those who swap them out. */
const REIFY_NODE = Symbol.for('reifyNode');
const LOAD_BUNDLES = Symbol.for('loadBundlesAndUpdateTrees');

interface Steps {
  [REIFY_NODE](node: Arborist.Node): Promise<Arborist.Node>;
  [LOAD_BUNDLES](...rest: unknown[]): Promise<void>;
}

const Plain = Arborist as unknown as new (options: Arborist.Options) => Arborist & Steps;

/**
 * npm's installer, which begins with all packages at once. Left to itself it unpacks those that bring others along
 * first, to read what these are; OpenClaw is one, and the largest. What turns out to be needless then is removed by
 * arborist as ever.
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
      // Below a package with a bundle, only the bundle may be there while it is read.
      if (node?.package.bundleDependencies?.length || node?.hasShrinkwrap) continue;
      // Arborist asks for it later, and is told then how it ended.
      if (node && action === 'ADD') this[REIFY_NODE](node).catch(() => {});
      this.#beginBelow(child);
    }
  }
}
