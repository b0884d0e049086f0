// Words that nothing but this file writes. A module that was linked for other addresses (its stack, its static data, its
// heap) overwrites one sooner or later; the page is then not trusted any more. Toolchains put static data at 8 or 1024
// upwards, and a stack that is too deep comes down from the window.
import { FOREIGN, fail } from "./fault";

const CANARY: u64 = 0x9d7f3c5ae1b8264f;

const BEFORE_STATE: usize = 8;
const BEFORE_SECRETS: usize = 1024;
const BEFORE_TABLES: usize = 2032;
const BEFORE_SCRATCH: usize = 20480;
const BEFORE_RECORDS: usize = 32768; // record 0 is not one
const BEFORE_WINDOW: usize = 65528;

let _begun: bool = false;

/** Whether a module of the caller's may be in this memory: then constants are checked before each use. */
let _exposed: bool = false;

export function expose(): void {
  _exposed = true;
}

/** What constants add up to, for {@link checkConstants}. They are whole vectors. */
export function seal(address: usize, length: usize): u64 {
  let sum = i64x2.splat(0);
  for (const end = address + length; address < end; address += 16) sum = i64x2.add(sum, v128.load(address));
  return i64x2.extract_lane(sum, 0) ^ (i64x2.extract_lane(sum, 1) << 1);
}

/** Before the first use: what is not zero then another module wrote. */
function begin(): void {
  let found: u64 = load<u64>(BEFORE_SCRATCH) | load<u64>(BEFORE_RECORDS) | load<u64>(BEFORE_WINDOW);
  for (let address: usize = 0; address < BEFORE_SCRATCH; address += 8) found |= load<u64>(address);
  if (found !== 0) fail(FOREIGN);
  _begun = true;
  store<u64>(BEFORE_STATE, CANARY);
  store<u64>(BEFORE_SECRETS, CANARY);
  store<u64>(BEFORE_TABLES, CANARY);
  store<u64>(BEFORE_SCRATCH, CANARY);
  store<u64>(BEFORE_RECORDS, CANARY);
  store<u64>(BEFORE_WINDOW, CANARY);
}

/** As checkPage, if a module of the caller's may be here: it costs a call on a short range 10 ns of 60. */
export function checkIfExposed(): void {
  if (_exposed) checkPage();
}

/** Traps if the page was written to by others, as far as the canaries tell. */
export function checkPage(): void {
  if (!_begun) begin();
  const changed =
    (load<u64>(BEFORE_STATE) ^ CANARY) |
    (load<u64>(BEFORE_SECRETS) ^ CANARY) |
    (load<u64>(BEFORE_TABLES) ^ CANARY) |
    (load<u64>(BEFORE_SCRATCH) ^ CANARY) |
    (load<u64>(BEFORE_RECORDS) ^ CANARY) |
    (load<u64>(BEFORE_WINDOW) ^ CANARY);
  if (changed !== 0) fail(FOREIGN);
}

/** Traps if constants are not those that were sealed. Of 9 KiB it takes 0.2 us, so it is left out if nobody else is here. */
export function checkConstants(address: usize, length: usize, sum: u64): void {
  if (_exposed && seal(address, length) !== sum) fail(FOREIGN);
}
