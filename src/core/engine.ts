/**
 * Operations that an engine has in native code, handed in by the entry point of the package: Node's has Buffer's, the
 * portable one has none. Each may be absent; the core then does the work itself.
 */
export interface Engine {
  /**
   * memcmp(3): the sign of the first difference of as many bytes. Bytes of two buffers are the one thing that neither
   * core can reach at full speed: the wasm core would have to copy those that are not in its memory (half the speed over
   * 1 MiB), and the JS core looks at one at a time.
   */
  readonly compare?: (left: Uint8Array, right: Uint8Array) => number;
}
