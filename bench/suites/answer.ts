// What a child process sends to its parent.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** The next message of a child. @throws {Error} it ended */
export async function answer(child: ChildProcess): Promise<unknown> {
  const done = new AbortController();
  const { signal } = done;
  const ended = once(child, "exit", { signal }).then(([code, how]) => {
    throw new Error(`a child process ended: ${how ?? `code ${code}`}`);
  });
  const [message] = await Promise.race([once(child, "message", { signal }), ended]);
  ended.catch(() => {}); // it is not awaited any more
  done.abort();
  return message;
}
