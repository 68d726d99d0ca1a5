/** What `use` returns at once: an instance that may still be on its way. */
import type { InvokeOptions, PackageInstance } from "./package-instance.js";
import type { Arguments } from "./transport.js";

/**
 * An instance whose creation has begun. Invoke it right away, or `await` it for the settled one.
 *
 * A failed creation rejects every call made on it, and whoever awaits it. It is never an unhandled
 * rejection by itself: not where the ref was only made, nor for a call that nobody awaits.
 */
export class PackageInstanceRef implements PromiseLike<PackageInstance> {
  readonly packageHandle: string;
  readonly handle: string;
  readonly #creation: Promise<PackageInstance>;

  constructor(packageHandle: string, handle: string, creation: Promise<PackageInstance>) {
    this.packageHandle = packageHandle;
    this.handle = handle;
    this.#creation = creation;
    creation.catch(ignore);
  }

  /** As PackageInstance.invoke, once the instance is there. */
  invoke<Reply = any>(method: string, args?: Arguments, options?: InvokeOptions): Promise<Reply> {
    const call = this.#creation.then((instance) => instance.invoke<Reply>(method, args, options));
    // Only where the creation failed: a call that fails by itself is the caller's to handle.
    this.#creation.catch(() => call.catch(ignore));
    return call;
  }

  /** As PackageInstance.stream, once the instance is there. */
  async *stream<Item = any>(method: string, args?: Arguments, options?: InvokeOptions): AsyncGenerator<Item, void, undefined> {
    const instance = await this.#creation;
    yield* instance.stream<Item>(method, args, options);
  }

  then<Value = PackageInstance, Failed = never>(
    onFulfilled?: ((instance: PackageInstance) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Value | Failed> {
    return this.#creation.then(onFulfilled, onRejected);
  }
}

function ignore(): void {}
