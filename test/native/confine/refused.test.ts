// A process that cannot be confined says why, and never runs a guest: it fails closed.
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { isRoot, moduleFile, run as runProgram, works } from "../../support/child.js";
import { isEmulated, isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { buildProbe } from "../guarded.js";
import { DONE, PROBE, run, runnerSource, unlaunched } from "./confined.js";
import { numbers } from "./policy.js";

const BODY = `
  const probe = createRequire("/")(${JSON.stringify(PROBE)});
  const attempt = () => {
    try { tell(lock()); }
    catch ({ code, message, hint }) { tell([code, message, hint ?? ""]); }
  };
`;

const refusal = suite("A process that cannot be confined");
if (nativePairs.length === 0 || !isNode || isEmulated) refusal.skip("all", "it needs seccomp, Node and the addon");
else {
  buildProbe();
  const byName = Object.fromEntries(numbers());
  const PREFIX = "a sandbox in a process of its own is not supported: ";

  async function refused(body: string, more: object, expected: string): Promise<void> {
    const { code, told, errors } = await run(BODY + body, { windows: [], ...more }, { launched: unlaunched });
    const [error, message] = told[0] as [string, string];
    assert.equal([code, error, message], [DONE, "ERR_SHM_UNSUPPORTED", PREFIX + expected], errors);
  }

  refusal("without seccomp filters", () =>
    refused(
      `probe.refuse(${byName["seccomp"]}, 38); attempt();`,
      {},
      "the kernel has no seccomp filter that ends a process, or this processor is not x86-64",
    ),
  );

  refusal("if prctl is refused", () =>
    refused(`probe.refuse(${byName["prctl"]}, 1); attempt();`, {}, "prctl failed with errno 1"),
  );

  refusal("if a limit cannot be set", () =>
    refused(`probe.refuse(${byName["prlimit64"]}, 1); attempt();`, {}, "setrlimit failed with errno 1"),
  );

  refusal("if a kernel thread reads a ring", () =>
    refused(
      `const parameters = new Uint32Array(30);
      parameters[2] = 2; // IORING_SETUP_SQPOLL
      if (probe.call(${byName["io_uring_setup"]}, 8, parameters) < 0) throw new Error("no ring");
      attempt();`,
      {},
      "io_uring works without system calls in it; set UV_USE_IO_URING=0",
    ),
  );

  refusal("for more segments than a filter takes", () =>
    refused(
      "job.windows = Array.from({ length: 257 }, (_, id) => ({ id, readOnly: true })); attempt();",
      {},
      "257 segments; its filter takes 256",
    ),
  );

  refusal("but for 256 segments it is", async () => {
    const body = `${BODY}job.windows = Array.from({ length: 256 }, (_, id) => ({ id, readOnly: id % 2 === 0 })); attempt();`;
    const { code, told } = await run(body, { windows: [] });
    assert.is(code, DONE);
    assert.is((told[0] as { systemCalls: string }).systemCalls, "filtered");
  });

  const title = "without /proc";
  if (!isRoot || !works("unshare", ["--mount", "true"])) refusal.skip(title, "only root can hide /proc");
  else
    refusal(title, () => {
      const file = moduleFile(runnerSource(`${BODY} attempt();`));
      const job = JSON.stringify({ windows: [] });
      // The addon is loaded first: Node finds its own file by /proc.
      const hide = ["--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"'];
      const { stdout, stderr } = runProgram("unshare", [...hide, process.execPath, file, job]);
      const [error, message] = JSON.parse(stdout || "[]") as [string, string];
      assert.equal([error, message], ["ERR_SHM_UNSUPPORTED", `${PREFIX}it needs /proc`], stderr);
    });
}
refusal.run();
