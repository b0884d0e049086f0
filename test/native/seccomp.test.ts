// A seccomp filter that refuses a system call which a store into a guarded window needs: the attach is refused, with a
// reason. Without that, the first stray store would end the process. Not tested: mmap, mprotect and futex, without which
// the engine or the C library ends the process itself.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe } from "./guarded.js";

const seccomp = suite("The write guard under a seccomp filter");
if (nativePairs.length === 0) seccomp.skip("all", "there is no addon on this platform");
else {
  buildProbe();
  const child = (access: string): string => `
    import { createRequire } from "node:module";
    import { create } from "wasm-shm";
    const probe = createRequire(process.cwd() + "/package.json")("./test/native/build/Release/wasm_shm_test.node");
    const segment = create(8192);
    const works = probe.refuseMremap();
    let answer;
    try {
      const attachment = segment.attach({ access: "${access}" });
      attachment.bytes[0] = 1;
      answer = { code: "attached", message: "", seen: segment.readChunk(1)[0] };
    } catch ({ code, message }) {
      answer = { code, message, seen: -1 };
    }
    const { nattch } = segment.stat();
    segment[Symbol.dispose]();
    console.log(JSON.stringify({ works, nattch, ...answer }));`;
  type Answer = { works: boolean; nattch: number; code: string; message: string; seen: number };

  for (const access of ["read-only", "copy-on-write"])
    seccomp(`without mremap, attach ${access} is ENOSYS, says why, and leaves nothing attached`, () => {
      const answer = askModule<Answer>(child(access));
      assert.ok(answer.works);
      assert.is(answer.code, "ENOSYS");
      assert.match(answer.message, /seccomp/);
      assert.is(answer.nattch, 0);
    });

  seccomp("without mremap, attach read-write of a whole segment works as ever", () => {
    const answer = askModule<Answer>(child("read-write"));
    assert.equal([answer.works, answer.code, answer.seen], [true, "attached", 1]);
  });
}
seccomp.run();
