import { create } from "wasm-shm";
const segment = create(65536);
const a = segment.attach();
const d = a.join({ slots: 8 });
const m = d.mutex(4096);
const w = new Int32Array(a.memory.buffer, 65536, 4096);
const N=5e6;
function time(name, f){ for(let r=0;r<3;r++){ const t=process.hrtime.bigint(); f(); console.log(name,(Number(process.hrtime.bigint()-t)/N).toFixed(1)); } }
time("cas+cas", ()=>{ for(let n=0;n<N;n++){ Atomics.compareExchange(w,3000,0,5); Atomics.compareExchange(w,3000,5,0);} });
time("cas+xchg+2load", ()=>{ for(let n=0;n<N;n++){ Atomics.compareExchange(w,3000,0,5); Atomics.exchange(w,3000,0); Atomics.load(w,3001)|Atomics.load(w,3002);} });
time("load", ()=>{ for(let n=0;n<N;n++){ Atomics.load(w,3001)} });
time("map", ()=>{ const q=new Map(); let c=0; for(let n=0;n<N;n++){ if(q.has(n)) c++;} return c; });
time("try", ()=>{ for(let n=0;n<N;n++){ const h=m.tryLock(); h.unlock(); } });
segment[Symbol.dispose]();
