import { create } from "wasm-shm";
for (let round=0; round<3000; round++) {
const s = create(65536); const [d1,d2] = [s.attach().join(), s.attach().join()];
const one = d1.event(16384), two=d2.event(16384);
const w = [two.wait(), two.wait()];
one.set(); one.reset();
const t = setTimeout(()=>{ console.log("HANG", round, d2, one.isSet, new Int32Array(d1.constructor===0?0:[])); process.exit() }, 1500);
await Promise.all(w); clearTimeout(t);
s[Symbol.dispose]();
}
console.log("done"); process.exit();
