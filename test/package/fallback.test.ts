// What the package says without its addon: each cause, with the marks that a package manager, a build or a copy leaves.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { whyNotLoaded } from "#src/host/missing.js";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { ADDON, environment, type Install, installed, NAME_HOSTS, type Told, why } from "../support/installed.js";

const missing = suite("Without the addon, on Linux");
const onLinux: typeof missing = Object.assign(
  (title: string, test: () => void | Promise<void>) => {
    if (process.platform === "linux") missing(title, test);
    else missing.skip(title, "the sysv host needs Linux");
  },
  { skip: missing.skip, run: missing.run },
);

onLinux("every function of the default instance fails, and so do its host and createShm(); the import does not", () => {
  installed(({ evaluate }) => {
    const ended = evaluate(`import * as all from "wasm-shm";
      const { create, createShm, destroySegment, ftok, limits, list, open, openSegment, shm, ShmError, sysvHost } = all;
      const calls = { create: () => create(1), open: () => open(1), openSegment: () => openSegment(1),
        destroySegment: () => destroySegment(1), list, limits, ftok: () => ftok("/", 1), createShm: () => createShm(),
        js: () => createShm({ core: "js" }), sysv: () => createShm({ host: "sysv" }), sysvHost,
        method: () => shm.create(1), host: () => shm.host, core: () => shm.core };
      for (const [name, call] of Object.entries(calls))
        try { call(); } catch (error) {
          console.log(name, error instanceof ShmError, error.code, error.cause instanceof Error, error.hint !== undefined);
        }
      console.log(createShm({ host: "local" }).create(5).size);`);
    const names = "create open openSegment destroySegment list limits ftok createShm js sysv sysvHost method host core";
    const lines = names.split(" ").map((name) => `${name} true ERR_SHM_UNSUPPORTED true true`);
    assert.is(ended.stdout, `${[...lines, "5"].join("\n")}\n`, ended.stderr);
    assert.is(ended.stderr, "");
  });
});

onLinux("README's two processes end with an error, not with wrong bytes", () => {
  installed(({ project, evaluate }) => {
    const example = readFileSync(`${root}README.md`, "utf8").match(
      /## Two processes\n\n```js\n(.*?)```/s,
    )?.[1] as string;
    writeFileSync(join(project, "example.js"), example);
    const ended = evaluate('process.argv[1] = "example.js"; await import("./example.js");');
    assert.is(ended.code, 1);
    assert.match(ended.stderr, /ERR_SHM_UNSUPPORTED/);
    assert.is(ended.stdout, "");
  });
});

onLinux("the sysv host is never replaced if it was asked for: the error lists what was tried", () => {
  installed((install) => {
    writeFileSync(join(install.project, "node_modules/.package-lock.json"), "{}");
    const ended = install.evaluate(
      `import { createShm, sysvHost } from "wasm-shm";
      for (const use of [() => createShm({ host: "sysv" }), sysvHost])
        try { use(); } catch ({ code, message }) { console.log(code, message); }`,
      { WASM_SHM_HOST: "local" },
    );
    assert.is(ended.stdout.match(/^ERR_SHM_UNSUPPORTED/gm)?.length, 2);
    assert.match(ended.stdout, `prebuilds/linux-${process.arch}.node`);
    assert.ok(ended.stdout.includes(install.folder));
    assert.match(ended.stdout, REINSTALL);
  });
});

onLinux("the command line, the X11 provider and a sandbox say the same, whatever WASM_SHM_HOST says", () => {
  installed((install) => {
    const { message } = why(install);
    const cli = run(process.execPath, [join(install.folder, "dist/cli/main.cjs"), "ls"], {
      env: environment(install.project, { WASM_SHM_HOST: "local" }),
    });
    assert.is(cli.stderr, `wasm-shm: ${message}\n`);
    assert.is(cli.code, 1);
    const others = install.evaluate(
      `import { createSandbox } from "wasm-shm";
      import { x11Provider } from "wasm-shm/x11";
      // (module (import "env" "memory" (memory 1)))
      const guest = Buffer.from("AGFzbQEAAAACDwEDZW52Bm1lbW9yeQIAAQ==", "base64");
      const tell = ({ code, message, hint }) => console.log(code, message, message.endsWith(hint));
      try { x11Provider({ display: ":0" }).create(1); } catch (error) { tell(error); }
      await createSandbox(guest).catch(tell);`,
      { WASM_SHM_HOST: "local" },
    );
    const line = `ERR_SHM_UNSUPPORTED ${message} true\n`;
    assert.is(others.stdout, line + line, others.stderr);
  });
});

const LACKS = /lacks its prebuilt addons \(Cannot find module '..\/prebuilds\/linux-/;
const REINSTALL = "install wasm-shm again, or copy its whole folder, prebuilds included";

/** Marks of package managers, as they leave them, and the command that runs the package's build. */
const managers: Record<string, { mark: string; place?: string; command: string }> = {
  npm: { mark: "node_modules/.package-lock.json", command: "npx wasm-shm build" },
  pnpm: { mark: "node_modules/.modules.yaml", command: "pnpm exec wasm-shm build" },
  Bun: { mark: "bun.lock", command: "bunx wasm-shm build" },
  "Yarn with node_modules": { mark: "node_modules/.yarn-state.yml", command: "yarn wasm-shm build" },
  "Yarn Plug'n'Play": {
    mark: ".yarnrc.yml",
    place: ".yarn/unplugged/wasm-shm-npm-0.2.0-0123456789/node_modules/wasm-shm",
    command: "yarn wasm-shm build",
  },
  "Yarn 1": { mark: "node_modules/.yarn-integrity", command: "yarn wasm-shm build" },
  Deno: { mark: "node_modules/.deno/.setup-cache.bin", command: "deno run --allow-all npm:wasm-shm build" },
};

/** A processor that the package has no addon for. */
const OTHER_PROCESSOR = [
  "--import",
  'data:text/javascript,Object.defineProperty(process, "arch", { value: "riscv64" })',
];

for (const [name, { mark, place, command }] of Object.entries(managers))
  onLinux(`on a processor that the package has no addon for, the cure is its build: ${name}`, () => {
    installed((install) => {
      mkdirSync(dirname(join(install.project, mark)), { recursive: true });
      writeFileSync(join(install.project, mark), "{}");
      mkdirSync(join(install.folder, "prebuilds"));
      writeFileSync(join(install.folder, "prebuilds/linux-x64.node"), "");
      const from = place === undefined ? undefined : `./${place}/dist/index.js`;
      const told = why(install, {}, OTHER_PROCESSOR, from);
      assert.match(
        told.message,
        "the package has no addon for riscv64, and none was built (there is no prebuilt addon",
      );
      assert.is(told.hint, `run ${command}`);
      rmSync(join(install.folder, "prebuilds"), { recursive: true });
      const incomplete = why(install, {}, [], from);
      assert.match(incomplete.message, LACKS);
      assert.is(incomplete.hint, REINSTALL);
    }, place);
  });

onLinux("in a clone, which no package manager made, the cure is its own build", () => {
  installed((install) => {
    cpSync(`${root}native/binding.gyp`, join(install.folder, "native/binding.gyp"));
    const told = why(install);
    assert.match(told.message, /its addon was not built \(Cannot find module /);
    assert.is(told.hint, `run npm run build:native in ${install.folder}`);
  });
});

/** Runs the package's build with these variables. @returns its exit code */
function runBuild({ project, folder }: Install, env: NodeJS.ProcessEnv): number | null {
  const ended = run(process.execPath, ["dist/cli/main.cjs", "build"], { cwd: folder, env: environment(project, env) });
  assert.match(ended.stderr, ended.code === 0 ? /^built .*\.node$/m : /^wasm-shm: the addon .* was not built: /m);
  return ended.code;
}

onLinux("a build that failed leaves a log, of which the error says what was absent", () => {
  installed((install) => {
    writeFileSync(join(install.project, "node_modules/.package-lock.json"), "{}");
    const tools = join(install.project, "tools");
    mkdirSync(tools);
    symlinkSync(process.execPath, join(tools, "node")); // binding.gyp calls it
    const { PYTHON, npm_config_python, MAKE, ...rest } = process.env;
    const log = join(install.folder, "native/build/failed.log");
    const told = (env: NodeJS.ProcessEnv): Told => {
      rmSync(join(install.folder, "native/build"), { recursive: true, force: true });
      const clean = { ...rest, PYTHON: undefined, npm_config_python: undefined, MAKE: undefined };
      assert.is(runBuild(install, { ...clean, ...env }), 1);
      return why(install);
    };
    const hint = `install python3, make and g++ (C++17), then run npx wasm-shm build`;
    const python = told({ PATH: tools });
    assert.match(python.message, `its addon was not built, as the build found no python3 (log: ${log}); `);
    assert.is(python.hint, hint);
    const real = run("python3", ["-c", "import sys; print(sys.executable, end='')"]).stdout; // perhaps behind a script
    assert.match(told({ PATH: tools, PYTHON: real }).message, "as the build found no make (log: ");
    const other = told({ MAKE: "make-that-does-not-exist" });
    assert.match(other.message, /was not built: gyp ERR! stack Error: not found: make-that-does-not-exist \(log: /);
    assert.is(other.hint, `read ${log}, then run npx wasm-shm build`);
    assert.match(told({ CXX: "absent-g++" }).message, "as the build found no g++ (log: "); // gyp asks it
    for (const tool of ["make", "mkdir", "printf", "sh"])
      symlinkSync(run("bash", ["-c", `type -P ${tool}`]).stdout.trim(), join(tools, tool));
    const compiler = told({ PATH: tools, PYTHON: real, CC: undefined, CXX: undefined }); // make runs it
    assert.match(compiler.message, "as the build found no g++ (log: ");
    assert.is(compiler.hint, hint);
  });
});

onLinux("of a failed compilation the error has the first line that says error", () => {
  installed((install) => {
    appendFileSync(join(install.folder, "dist/native/addon.cc"), "\n#error nothing compiles this\n");
    assert.is(runBuild(install, {}), 1);
    assert.match(why(install).message, /was not built: .*addon\.cc:\d+:2: error: #error nothing compiles this \(log: /);
  });
});

onLinux("a build that succeeds removes the log, and the package works", () => {
  installed((install) => {
    mkdirSync(join(install.folder, "native/build"), { recursive: true });
    writeFileSync(join(install.folder, "native/build/failed.log"), "node-gyp was not found\n");
    assert.match(why(install).message, "its addon was not built: node-gyp was not found (log: ");
    assert.is(runBuild(install, { CXXFLAGS: "-O0" }), 0); // it is as good, and takes half the time
    assert.not.ok(existsSync(join(install.folder, "native/build/failed.log")));
    assert.is(JSON.parse(install.evaluate(NAME_HOSTS).stdout)[0], "sysv");
  });
});

/** Puts a changed addon in place. */
function withAddon(change: (addon: Buffer) => Buffer, check: (told: Told, install: Install) => void): void {
  installed((install) => {
    mkdirSync(dirname(join(install.folder, ADDON)), { recursive: true });
    writeFileSync(join(install.folder, ADDON), change(readFileSync(`${root}${ADDON}`)));
    const told = why(install);
    const build = join(install.folder, "native/build");
    assert.is(told.hint, `remove ${build}, then run npm run build:native in ${install.folder}`);
    check(told, install);
  });
}

onLinux("an addon for another processor, or that is a text, is told from the file", () => {
  const other = process.arch === "arm64" ? ([62, "x64"] as const) : ([183, "arm64"] as const);
  withAddon(
    (addon) => {
      addon.writeUInt16LE(other[0], 18);
      return addon;
    },
    ({ message }) => assert.match(message, `its addon is built for ${other[1]}, and this Node for ${process.arch}: `),
  );
  withAddon(
    () => Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
    ({ message }, { folder }) => assert.match(message, `its addon, ${join(folder, ADDON)}, is not an ELF file: `),
  );
});

onLinux("the words of both C libraries about a file of the other are known", () => {
  for (const text of [
    "libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory",
    "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /p/wasm_shm.node)",
    "Error relocating /p/wasm_shm.node: __cxa_thread_atexit_impl: symbol not found",
    "/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /p/wasm_shm.node)",
  ]) {
    const { reason } = whyNotLoaded(root, undefined, Object.assign(new Error(text), { code: "ERR_DLOPEN_FAILED" }));
    assert.is(reason, `its addon is built for another C library: ${text}`);
  }
});

onLinux("of what the machine does not explain, the error has the loader's words and no cure", () => {
  assert.equal(whyNotLoaded(root, undefined, new Error("odd\n    thing.\n")), {
    reason: "its addon did not load: odd; thing",
  });
  assert.equal(whyNotLoaded(root, undefined, "odd"), { reason: "its addon did not load: odd" });
});

onLinux("in a bundle it says so, and points to the page about bundles", () => {
  installed((install) => {
    const out = join(install.project, "app/out/dist");
    cpSync(join(install.folder, "dist"), out, { recursive: true });
    renameSync(join(out, "loader.cjs"), join(out, "bundled.cjs")); // as a bundler gives it another file's name
    writeFileSync(
      join(install.project, "app/out/package.json"),
      '{ "type": "module", "imports": { "#loader": "./dist/bundled.cjs" } }',
    );
    const told = why(install, {}, [], "./app/out/dist/index.js");
    assert.match(told.message, "this is a bundle, which lacks the addon: Cannot find module '../prebuilds/linux-");
    assert.is(told.hint, "see docs/bundling.md, or leave wasm-shm out of the bundle (external)");
  });
});

onLinux("a copy without the addons is told from a clone", () => {
  installed((install) => {
    const told = why(install);
    assert.match(told.message, LACKS);
    assert.is(told.hint, REINSTALL);
  });
});

onLinux("a Node that was told to load no addons is named as such", () => {
  installed((install) => {
    cpSync(`${root}${ADDON}`, join(install.folder, ADDON));
    const told = why(install, {}, ["--no-addons"]);
    assert.match(
      told.message,
      "this Node loads no addons: Cannot load native addon because loading addons is disabled; ",
    );
    assert.is(told.hint, "start Node without --no-addons; with --permission, add --allow-addons");
  });
});

onLinux("a use that failed is tried again, so an addon that is built meanwhile is taken", () => {
  installed((install) => {
    const ended = install.evaluate(
      `import { cpSync } from "node:fs";
      import { shm } from "wasm-shm";
      try { shm.host; } catch ({ code }) { console.log(code); }
      cpSync(process.env.BUILT, process.env.ADDON);
      console.log(shm.host.name);`,
      { BUILT: `${root}${ADDON}`, ADDON: join(install.folder, ADDON) },
    );
    assert.is(ended.stdout, "ERR_SHM_UNSUPPORTED\nsysv\n", ended.stderr);
  });
});
missing.run();
