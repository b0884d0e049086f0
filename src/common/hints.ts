// What to do about a refusal, in words for programs: the last part of an error's message, and `error.hint`. The command
// line has words of its own for each (cli/failure.ts), found by the id.

export const hints = Object.freeze({
  openExisting: "open({ key }), or create with exclusive: false",
  listSegments: "list() and ipcs -m show the segments that exist",
  listLocal: "list() shows the segments that exist",
  removeUnused: "ipcs -m shows who owns them, ipcrm removes them",
  skipReservation: "noReserve: true skips the reservation",
  attachReadOnly: 'access: "read-only" needs read permission alone',
  detachUnused: "detach what is not in use",
  lessAddressSpace:
    "detach what is not in use; under node --disable-wasm-trap-handler a memory takes only its own size",
  useJs: 'createShm({ core: "js" }) compiles nothing',
  raiseLimit: "an administrator can raise the limit",
  nameOwner: "name both: setPermissions({ mode, uid, gid })",
  shareMemory: "give a shared memory, or start bun with BUN_JSC_maxNumWasmFastMemories=10000",
  noTimeLimit: 'timeLimitMs: Infinity for a guest that ends, or isolation: "process" or "inline"',
  ownProcess: 'isolation: "process" bears it',
  nameNode: 'execPath names a Node 20 or later; isolation: "thread" needs none',
  useSysv: 'use host: "sysv" on Linux',
});

export type HintId = keyof typeof hints;

/** The id of a hint of this package; undefined for the sentence of a host that a user wrote. */
export function hintIdOf(hint: string | undefined): HintId | undefined {
  return (Object.keys(hints) as HintId[]).find((id) => hints[id] === hint);
}
