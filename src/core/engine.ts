/**
 * Operations that an engine has in native code, handed in by the entry point of the package: the one for Node has
 * Buffer's, the portable one has none. If one is absent, the core does the work itself.
 */
export interface Engine {
  /**
   * memcmp(3): the sign of the first difference between two arrays of one length. Neither core reaches bytes of two
   * buffers at full speed: the wasm core has to copy those outside its memory (half the speed over 1 MiB), and the JS
   * core compares one byte at a time.
   */
  readonly compare?: (left: Uint8Array, right: Uint8Array) => number;
}
