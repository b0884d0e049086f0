// The types of the packed package, for each compiler and way of resolution, and what linters of packages say.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { run } from "../support/child.js";
import { inProject, packed, prebuilt, toolFile, withTools } from "../support/tarball.js";

const addons = { "npm run build:prebuilds": prebuilt(process.arch) };

const types = suite("The types of the tarball");
for (const name of ["typescript", "typescript-5.4", "typescript-5.9"]) {
  const compilerFile = toolFile(`${name}/bin/tsc`);
  for (const [module, resolution] of [
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const)
    withTools(
      types,
      `compile with ${name}, moduleResolution ${resolution}, and skipLibCheck off`,
      { [name]: compilerFile },
      () =>
        inProject((project) => {
          const source = `import { create, createSandbox, createShm, type Cursor, ShmError, type TypedSegment, Whence } from "wasm-shm";
          import { create as portable } from "wasm-shm/portable";
          import { x11Provider } from "wasm-shm/x11";
          import addon = require("wasm-shm/addon");
          const cursor: Cursor = createShm({ addon }).create(10).attach().cursor();
          cursor.readable().on("data", (chunk: Buffer) => chunk.length);
          const whence: Whence = Whence.End;
          let typed: TypedSegment<Float64Array> | TypedSegment | undefined;
          // @ts-expect-error: it has no elements
          let other: TypedSegment<string>;
          // What the other kind of module gives is the same.
          void import("wasm-shm").then((imported) => {
            const error: ShmError = new imported.ShmError("", "");
            const same: typeof create = imported.create;
            const moved: Cursor = imported.createTyped(Float64Array, 1).segment.attach().cursor();
            return { error, same, moved };
          });
          export type { other };
          export { typed, whence, createSandbox, cursor, portable, create, ShmError, x11Provider };`;
          const esm = source.replace(/import addon = require\((.*)\)/, "import addon from $1");
          writeFileSync(join(project, "esm.mts"), esm);
          if (resolution !== "bundler") writeFileSync(join(project, "cjs.cts"), source);
          const files = resolution === "bundler" ? ["esm.mts"] : ["esm.mts", "cjs.cts"];
          const options = [
            "--noEmit",
            "--strict",
            "--skipLibCheck",
            "false",
            "--esModuleInterop",
            "--types",
            "node",
            "--target",
            "es2022",
          ];
          const libraries = ["--lib", "es2022,esnext.disposable,dom"];
          // Without this a bundler's program has the types of wasm-shm/portable, as a browser does.
          const conditions = resolution === "bundler" ? ["--customConditions", "node"] : [];
          const args = [
            ...options,
            ...libraries,
            ...conditions,
            "--module",
            module,
            "--moduleResolution",
            resolution,
            ...files,
          ];
          const ended = run(process.execPath, [compilerFile as string, ...args], { cwd: project });
          assert.is(ended.code, 0, ended.stdout);
        }),
    );
}

const publint = toolFile("publint/src/cli.js");
withTools(types, "publint has no complaint", { ...addons, publint }, () => {
  const ended = run(process.execPath, [publint as string, packed(), "--strict"]);
  assert.is(ended.code, 0, ended.stdout);
  assert.match(ended.stdout, "All good!");
});

const attw = toolFile("@arethetypeswrong/cli/dist/index.js");
withTools(types, "nor has arethetypeswrong", { ...addons, "@arethetypeswrong/cli": attw }, () => {
  const home = mkdtempSync(join(tmpdir(), "wasm-shm-")); // its cache
  try {
    const ended = run(process.execPath, [attw as string, packed(), "--no-color"], {
      env: { ...process.env, HOME: home },
    });
    assert.is(ended.code, 0, ended.stdout);
    assert.match(ended.stdout, "No problems found");
  } finally {
    rmSync(home, { recursive: true });
  }
});
types.run();
