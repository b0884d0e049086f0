// The packed package in each engine at hand, and how it is loaded there.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { run } from "../support/child.js";
import { CJS, checkWork, ESM, engine, inProject, packed, prebuilt, withTools } from "../support/tarball.js";

const addons = { "npm run build:prebuilds": prebuilt(process.arch) };

const engines = suite("The tarball");
for (const [name, args] of Object.entries({
  node20: [],
  node22: [],
  node24: [],
  node26: [],
  bun: [],
  deno: ["run", "-A"],
})) {
  const program = engine(name);
  for (const [file, source] of [
    ["work.mjs", ESM],
    ["work.cjs", CJS],
  ] as const)
    withTools(engines, `works on ${name}: ${file}`, { ...addons, [name]: program }, () =>
      inProject((project) => {
        writeFileSync(join(project, file), source);
        checkWork(run(program as string, [...args, file], { cwd: project }));
      }),
    );
}

engines("tells a Node whose require takes no ES module so", async () => {
  await inProject((project) => {
    const flag = "--no-experimental-require-module";
    const flags = process.allowedNodeEnvironmentFlags.has("--experimental-require-module") ? [flag] : [];
    for (const path of ["wasm-shm", "wasm-shm/portable", "wasm-shm/x11"]) {
      const source = `try { require("${path}"); } catch ({ code, message }) { console.log(code, message); }`;
      // Node's condition module-sync names the ES module, if require takes one.
      const ended = run(process.execPath, [...flags, "--input-type=commonjs", "--eval", source], { cwd: project });
      assert.match(
        ended.stdout,
        /^ERR_REQUIRE_ESM wasm-shm is an ES module, .* from Node 20\.19 and 22\.12 on; use import\(\)/,
      );
    }
  });
});

engines("has one instance for import and require, if require takes an ES module", async () => {
  if (!process.features.require_module) return;
  await inProject((project) => {
    const source = `const { ShmError } = require("wasm-shm");
      import("wasm-shm").then((imported) => console.log(imported.ShmError === ShmError));`;
    const ended = run(process.execPath, ["--input-type=commonjs", "--eval", source], { cwd: project });
    assert.is(ended.stdout, "true\n", ended.stderr);
  });
});

for (const name of ["node22", "node24", "node26"]) {
  const program = engine(name);
  withTools(engines, `loads if only its folder is readable: ${name}`, { ...addons, [name]: program }, () =>
    inProject((project) => {
      const allowed = [
        "--permission",
        "--allow-addons",
        "--allow-worker",
        `--allow-fs-read=${project}/node_modules/wasm-shm/`,
      ];
      checkWork(
        run(program as string, ["--no-warnings", ...allowed, "--input-type=module", "--eval", ESM], { cwd: project }),
      );
    }),
  );
}

withTools(engines, "runs no script at its install, and needs none", addons, () =>
  inProject((project) => {
    const { scripts } = JSON.parse(run("tar", ["-xOzf", packed(), "package/package.json"]).stdout) as {
      scripts: Record<string, string>;
    };
    for (const script of ["preinstall", "install", "postinstall"]) assert.not.ok(script in scripts, script);
    const files = readdirSync(join(project, "node_modules/wasm-shm"));
    assert.not.ok(files.includes("binding.gyp")); // npm would build it
    assert.not.ok(files.includes("native"));
    assert.ok(statSync(packed()).size <= 400 * 1024, `${statSync(packed()).size} bytes`);
  }),
);

engines.run();
