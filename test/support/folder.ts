// Temporary files and folders, removed after use.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a folder that exists while `use` runs. */
export async function inFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes a file of these bytes that exists while `use` runs. */
export function withFile<T>(bytes: Uint8Array, use: (path: string) => T | Promise<T>): Promise<T> {
  return inFolder((folder) => {
    const path = join(folder, "file");
    writeFileSync(path, bytes);
    return use(path);
  });
}
