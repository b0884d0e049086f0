import { Buffer } from "buffer/";
import { deflate, gzip } from "pako";

export const deflateSync = (bytes, options) => Buffer.from(deflate(bytes, options));
export const gzipSync = (bytes, options) => Buffer.from(gzip(bytes, options));
