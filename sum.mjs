import { servePool } from "wasm-shm";
servePool(({ a, b }) => a + b);
