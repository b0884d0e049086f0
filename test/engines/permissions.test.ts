// Deno without a permission: the portable entry point asks for none, and works.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, root, run } from "../support/child.js";

const deno = join(root, "test/engines/node_modules/deno/deno");

const permissions = suite("Deno without permissions");
if (!existsSync(deno)) permissions.skip("the portable entry point works", "absent: npm ci --prefix test/engines");
else
  for (const core of ["wasm", "js", "auto"])
    permissions(`the portable entry point works with the core ${core}`, () => {
      const file = moduleFile(`
        import { createShm } from ${JSON.stringify(`file://${root}dist/portable.js`)};
        const { create, list, open, host } = createShm({ core: "${core}" });
        const segment = create(5000);
        segment.attach().cursor().writeString("grüße");
        const asked = [];
        for (const name of ["read", "write", "net", "env", "sys", "run", "ffi", "import"])
          if (Deno.permissions.querySync({ name }).state !== "prompt") asked.push(name);
        console.log(host.name, open(segment.id).attach().cursor().readString(7), list().length, asked.join());`);
      const ended = run(deno, ["run", "--no-prompt", "--no-lock", "--no-config", file], { cwd: "/" });
      assert.equal([ended.stderr, ended.stdout], ["", "local grüße 1 \n"]);
    });
permissions.run();
