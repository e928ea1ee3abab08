import type { RpcError } from '../rpc/rpc-error.ts';

/** An AbortController that makes its signal when somebody asks for it: most handlers never do. */
export class LazyAbort {
  #reason: RpcError | undefined;
  #controller: AbortController | undefined;

  /** Why it was aborted; nothing while it was not. */
  get reason(): RpcError | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal; the first reason stays. */
  abort(reason: RpcError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
