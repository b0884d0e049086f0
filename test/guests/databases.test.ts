// SQLite over a database file in a segment, and over statements in one.
import * as assert from "uvu/assert";
import { api, imports, lettersOf } from "./packages.js";
import { jobs, over, type Windows } from "./windows.js";

const databases = jobs("SQLite of npm", ["process", "inline"]);

interface Database {
  run(sql: string): void;
  exec(sql: string): { values: number[][] }[];
  export(): Uint8Array;
}
interface SqlJs {
  readonly Database: new () => Database;
}

const SQL = `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, size INTEGER);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
  INSERT INTO t SELECT i, 'name ' || (i * 7919 % 2000), i * i % 1009 FROM n;`;
const QUERY = "SELECT count(*), sum(size), max(length(name)) FROM t GROUP BY size % 10 ORDER BY 2";

/** The database of a package's own API: its file, and what it answers. */
async function made(): Promise<{ file: Uint8Array; answer: number[][] }> {
  const { Database } = await api<() => Promise<SqlJs>>("sql.js")();
  const database = new Database();
  database.run(SQL);
  const answer = database.exec(QUERY)[0]?.values as number[][];
  return { file: database.export(), answer };
}

type Name = (name: string) => string;

/** Runs the query, and returns its rows. */
async function rows({ sandbox, number }: Windows, database: number, nameOf: Name): Promise<number[][]> {
  const [sql] = await sandbox.write(`${QUERY}\0`, { allocator: nameOf("malloc") });
  const [slot] = await sandbox.write(new Uint8Array(4), { allocator: nameOf("malloc") });
  assert.is(await number(nameOf("sqlite3_prepare_v2"), database, sql, -1, slot, 0), 0);
  const [statement = 0] = new Int32Array((await sandbox.bytes(slot, 4)).slice().buffer);
  const all: number[][] = [];
  const ROW = 100;
  while ((await number(nameOf("sqlite3_step"), statement)) === ROW)
    all.push(await columns((index) => number(nameOf("sqlite3_column_double"), statement, index)));
  return all;
}

async function columns(read: (index: number) => Promise<number>): Promise<number[]> {
  return [await read(0), await read(1), await read(2)];
}

/** Opens a database in the guest's memory. */
async function opened({ sandbox, number }: Windows, nameOf: Name): Promise<number> {
  const [name] = await sandbox.write(":memory:\0", { allocator: nameOf("malloc") });
  const [slot] = await sandbox.write(new Uint8Array(4), { allocator: nameOf("malloc") });
  assert.is(await number(nameOf("sqlite3_open"), name, slot), 0);
  return new Int32Array((await sandbox.bytes(slot, 4)).slice().buffer)[0] as number;
}

const NO_FILES = -44; // ENOENT

databases(
  "@sqlite.org/sqlite-wasm reads a database file in a segment",
  "@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm",
  async (kind, wasm) => {
    const { file, answer } = await made();
    const main = new TextEncoder().encode("main\0");
    const given = { emscripten_date_now: () => Date.now(), emscripten_get_now: () => performance.now() };
    await over(kind, wasm, { file, main }, { imports: imports(wasm, given, () => NO_FILES) }, async (windows) => {
      const own: Name = (name) => name;
      const database = await opened(windows, own);
      const [at, size] = windows.place("file");
      const READ_ONLY = 4;
      const sizes = [BigInt(size), BigInt(size)];
      const [schema] = windows.place("main");
      assert.is(await windows.number("sqlite3_deserialize", database, schema, at, ...sizes, READ_ONLY), 0);
      assert.equal(await rows(windows, database, own), answer);
    });
    assert.is(answer.length, 10);
  },
);

databases("sql.js runs statements in a segment", "sql.js/dist/sql-wasm.wasm", async (kind, wasm) => {
  const { answer } = await made();
  const letter = lettersOf("sql.js/dist/sql-wasm.js");
  const statements = new TextEncoder().encode(`${SQL}\0`);
  await over(kind, wasm, { statements }, { imports: imports(wasm, {}, () => NO_FILES) }, async (windows) => {
    const database = await opened(windows, letter);
    const [at] = windows.place("statements");
    assert.is(await windows.number(letter("sqlite3_exec"), database, at, 0, 0, 0), 0);
    assert.equal(await rows(windows, database, letter), answer);
  });
});

databases.run();
