// The tarball under package managers that run no script: the addon is there. Without it, the package's own build works.
import { readdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { managers, registry, withManager } from "../support/managers.js";
import { checkWork, ESM, prebuilt, withTools } from "../support/tarball.js";

const installs = suite("Package managers, with scripts off");

const FAILS = `import { create } from "wasm-shm";
  try { create(10); } catch ({ code, message, hint }) { console.log(code, hint ?? message); }`;

/** The folder of prebuilt addons in a project. */
function prebuildsOf(project: string): string {
  const found = (readdirSync(project, { recursive: true }) as string[]).find((file) =>
    /wasm-shm[^/]*\/prebuilds$|wasm-shm\/.*\/prebuilds$/.test(file),
  );
  return join(project, found as string);
}

for (const [name, manager] of Object.entries(managers)) {
  const needs = {
    "npm run build:prebuilds": prebuilt(process.arch),
    [name]: manager.program?.[0],
    "the registry": registry,
  };
  withTools(
    installs,
    `${name} installs the package, which has its addon; without that, it runs the package's build`,
    needs,
    () =>
      withManager(manager, ({ project, manage, evaluate }) => {
        checkWork(evaluate(ESM));
        const prebuilds = prebuildsOf(project);
        renameSync(prebuilds, join(dirname(prebuilds), "hidden"));
        assert.match(evaluate(FAILS).stdout, /^ERR_SHM_UNSUPPORTED /);
        // Unoptimized, it takes half the time.
        const built = manage([...manager.execute, "wasm-shm", "build"], { CXXFLAGS: "-O0" });
        assert.is(built.code, 0, built.stdout + built.stderr);
        checkWork(evaluate(ESM));
      }),
  );
}
installs.run();
