import { create } from "wasm-shm";
const s = create(65536); const d = s.attach().join();
const e = d.event(16384); try { e.waitSync({timeoutMs: 100}) } catch (x) { console.log(x.message) }
s[Symbol.dispose]();
