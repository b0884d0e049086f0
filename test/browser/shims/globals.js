// What the conformance tests use of Node, for a page: Buffer, and a process that has nothing.
import { Buffer } from "buffer/";

globalThis.Buffer = Buffer;
globalThis.process = { platform: "browser", versions: {}, env: {}, on() {} };
