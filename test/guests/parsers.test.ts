// Parsers over a window: HTTP, JavaScript modules, source maps. What they find, another implementation finds.
import * as assert from "uvu/assert";
import { api, apiOf, embeddedIn, imports, textOf } from "./packages.js";
import { jobs, over } from "./windows.js";

const parsers = jobs("Parsers of npm", ["process", "thread"]);

const fields: [string, string][] = Array.from({ length: 40 }, (_, index) => [`X-Field-${index}`, `value ${index}`]);
const body = "a body in the segment".repeat(100);
const response = new TextEncoder().encode(
  `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field.join(": ")}\r\n`).join("")}Content-Length: ${body.length}\r\n\r\n${body}`,
);

for (const name of ["llhttp", "llhttp_simd"])
  parsers(
    `undici's ${name} parses a response, and calls back with places in the window`,
    () => embeddedIn(`undici/lib/llhttp/${name}-wasm.js`)[0] as Uint8Array<ArrayBuffer>,
    async (kind, wasm) => {
      const found: string[] = [];
      let start = 0;
      const text = (at: number, length: number) => Buffer.from(response.buffer, at - start, length).toString();
      const push = (_parser: number, at: number, length: number) => {
        found.push(text(at, length));
        return 0;
      };
      const given = {
        ...{ wasm_on_header_field: push, wasm_on_header_value: push, wasm_on_body: push },
        ...{ wasm_on_message_begin: () => 0, wasm_on_url: () => 0, wasm_on_status: () => 0 },
        ...{ wasm_on_headers_complete: () => 0, wasm_on_message_complete: () => 0 },
      };
      await over(kind, wasm, { response }, { imports: imports(wasm, given) }, async ({ number, place }) => {
        start = place("response")[0];
        const RESPONSE = 2;
        const parser = await number("llhttp_alloc", RESPONSE);
        assert.is(await number("llhttp_execute", parser, ...place("response")), 0);
        assert.is(await number("llhttp_get_status_code", parser), 200);
      });
      assert.equal(found, [...fields.flat(), "Content-Length", `${body.length}`, body]);
    },
  );

const utf16 = (source: string): Uint8Array => new Uint8Array(Buffer.from(source, "utf16le"));

interface CjsLexer {
  initSync(): void;
  parse(source: string): { exports: string[]; reexports: string[] };
}
parsers(
  "cjs-module-lexer finds the exports of a CommonJS module",
  () => embeddedIn("cjs-module-lexer/dist/lexer.js")[0] as Uint8Array<ArrayBuffer>,
  async (kind, wasm) => {
    const lexer = api<CjsLexer>("cjs-module-lexer");
    lexer.initSync();
    const source = `exports.first = 1; exports["second"] = 2; module.exports = { ...require("third") }; exports.fourth = 4;`;
    const expected = lexer.parse(source);
    await over(kind, wasm, { source: utf16(`${source}\0`) }, {}, async ({ number, place }) => {
      await number("sa", source.length + 1); // begins again
      assert.is(await number("parseCJS", place("source")[0], source.length, 0, 0, 0), 0);
      const found = async (next: string, start: string, end: string): Promise<string[]> => {
        const all: string[] = [];
        while (await number(next)) all.push(source.slice(await number(start), await number(end)).replaceAll('"', ""));
        return all;
      };
      assert.equal(await found("rre", "res", "ree"), expected.reexports);
      assert.equal([...new Set(await found("re", "es", "ee"))], expected.exports);
    });
    assert.ok(expected.exports.length > 2);
  },
);

interface EsLexer {
  readonly init: Promise<void>;
  parse(source: string): [imports: readonly { start: number; end: number }[]];
}
parsers(
  "es-module-lexer finds the imports of a module",
  () => embeddedIn("es-module-lexer/dist/lexer.cjs")[0] as Uint8Array<ArrayBuffer>,
  async (kind, wasm) => {
    const lexer = await apiOf<EsLexer>("es-module-lexer/dist/lexer.js");
    await lexer.init;
    const source = Array.from(
      { length: 200 },
      (_, n) => `import a${n} from "./a${n}.js"; import("b${n}"); export { a${n} };`,
    );
    const text = source.join("\n");
    const expected = lexer.parse(text)[0].map(({ start, end }) => [start, end]);
    // It reads a buffer of its own, behind which it puts what it finds, without a look at the memory's size.
    await over(kind, wasm, { room: { bytes: 4096 } }, {}, async ({ sandbox, number, contents }) => {
      await sandbox.write(utf16(text), { pointer: await number("sa", text.length) });
      assert.is(await number("parse"), 1);
      const found: number[][] = [];
      while (await number("ri")) found.push([await number("is"), await number("ie")]);
      assert.equal(found, expected);
      assert.ok(contents("room").every((byte) => byte === 0));
    });
  },
);

interface SourceMap {
  readonly SourceMapConsumer: {
    with(map: object, url: null, use: (consumer: Consumer) => void): Promise<void>;
  };
}
interface Consumer {
  eachMapping(use: (mapping: { generatedLine: number; generatedColumn: number; originalLine: number }) => void): void;
}
parsers("source-map reads the mappings of a source map", "source-map/lib/mappings.wasm", async (kind, wasm) => {
  const map = JSON.parse(textOf("xxhash-wasm/esm/xxhash-wasm.js.map")) as { mappings: string };
  const expected: number[][] = [];
  await api<SourceMap>("source-map").SourceMapConsumer.with(map, null, (consumer) =>
    consumer.eachMapping(({ generatedLine, generatedColumn, originalLine }) =>
      expected.push([generatedLine, generatedColumn, originalLine]),
    ),
  );
  const found: number[][] = [];
  const given = {
    mapping_callback: (
      line: number,
      column: number,
      _0: number,
      _1: number,
      _2: number,
      _3: number,
      original: number,
    ) => {
      found.push([line + 1, column, original + 1]);
    },
  };
  // It takes a vector of Rust: before its bytes are their number and the room for them.
  const { length } = map.mappings;
  const vector = Buffer.concat([new Uint8Array(new Uint32Array([length, length]).buffer), Buffer.from(map.mappings)]);
  await over(
    kind,
    wasm,
    { vector: new Uint8Array(vector) },
    { imports: imports(wasm, given) },
    async ({ number, place }) => {
      const mappings = await number("parse_mappings", place("vector")[0] + 8);
      assert.ok(mappings !== 0, `error ${await number("get_last_error")}`);
      await number("by_generated_location", mappings);
    },
  );
  assert.ok(expected.length > 50);
  assert.equal(found, expected);
});

parsers.run();
