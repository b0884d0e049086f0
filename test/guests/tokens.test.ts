// A tokenizer whose vocabulary and text are in segments.
import * as assert from "uvu/assert";
import { api, imports, textOf } from "./packages.js";
import { jobs, over, text, type Windows } from "./windows.js";

const tokens = jobs("A tokenizer of npm", ["process"]);

interface Tiktoken {
  readonly Tiktoken: new (
    ranks: string,
    special: object,
    pattern: string,
  ) => { encode_ordinary(text: string): Uint32Array };
}
interface Encoder {
  readonly bpe_ranks: string;
  readonly pat_str: string;
}

tokens("tiktoken", "tiktoken/lite/tiktoken_bg.wasm", async (kind, wasm) => {
  const { bpe_ranks: ranks, pat_str: pattern } = JSON.parse(textOf("tiktoken/encoders/gpt2.json")) as Encoder;
  const words = text(20_000);
  const { Tiktoken } = api<Tiktoken>("tiktoken/lite");
  const expected = new Tiktoken(ranks, {}, pattern).encode_ordinary(new TextDecoder().decode(words));
  const inputs = { ranks: utf8(ranks), pattern: utf8(pattern), words };
  // Its special tokens are an object of JavaScript, which it has made into a string by its host.
  let windows: Windows | undefined;
  const [SPECIAL, STRING] = [40, 41];
  const given = {
    __wbindgen_is_undefined: () => 0,
    __wbg_stringify: () => STRING,
    __wbindgen_object_drop_ref: () => 0,
    async __wbindgen_string_get(at: number) {
      const { sandbox } = windows as Windows;
      const [pointer, length] = await sandbox.write("{}", { allocator: "__wbindgen_export_1" });
      await sandbox.write(new Uint8Array(new Int32Array([pointer, length]).buffer), { pointer: at });
    },
  };
  const options = { imports: imports(wasm, given), timeLimitMs: 60_000 };
  const found = await over(kind, wasm, inputs, options, async (all) => {
    windows = all;
    const { number, place, sandbox } = all;
    const tokenizer = await number("tiktoken_new", ...place("ranks"), SPECIAL, ...place("pattern"));
    const at = await number("__wbindgen_add_to_stack_pointer", -16);
    await sandbox.call("tiktoken_encode_ordinary", at, tokenizer, ...place("words"));
    const [pointer = 0, length = 0] = new Int32Array((await sandbox.bytes(at, 8)).slice().buffer);
    return new Uint32Array((await sandbox.bytes(pointer, 4 * length)).slice().buffer);
  });
  assert.equal([...found], [...expected]);
  assert.ok(found.length > 1000);
});

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

tokens.run();
