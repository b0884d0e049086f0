// Browsers without a window: a page is served and opened, and posts an answer.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { end } from "../support/child.js";
import { inFolder } from "../support/folder.js";

export interface Browser {
  readonly name: "Chromium" | "Firefox";
  /** Undefined if it is not installed. */
  readonly program: string | undefined;
  args(profile: string, url: string): string[];
}

const first = (...paths: string[]): string | undefined => paths.find((path) => existsSync(path));

export const browsers: readonly Browser[] = [
  {
    name: "Chromium",
    program: first("/usr/bin/chromium", "/usr/bin/chromium-browser"),
    args: (profile, url) => [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  {
    name: "Firefox",
    program: first("/usr/bin/firefox-esr", "/usr/bin/firefox"),
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
  },
];

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const LONGEST_MS = 240_000;

/** Opens `folder`/index.html in the browser, under that Content-Security-Policy, and returns what the page posts. */
export async function answerOf<T>({ program, args, name }: Browser, folder: string, policy: string): Promise<T> {
  let answered: (answer: T) => void = () => {};
  let failed: (error: Error) => void = () => {};
  const posted = new Promise<T>((resolve, reject) => {
    answered = resolve;
    failed = reject;
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST") {
        answered(JSON.parse(Buffer.concat(chunks).toString()) as T);
        response.end();
        return;
      }
      const path = normalize(request.url === "/" ? "/index.html" : (request.url ?? "/"));
      const file = join(folder, path);
      if (!existsSync(file)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", "content-security-policy": policy })
          .end(readFileSync(file));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await inFolder(async (profile) => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const child = spawn(program as string, args(profile, url), {
        stdio: "ignore",
        env: { ...process.env, LD_PRELOAD: undefined, HOME: profile },
        detached: true,
      });
      const limit = setTimeout(() => failed(new Error(`${name} did not answer`)), LONGEST_MS);
      child.on("error", failed);
      try {
        return await posted;
      } finally {
        clearTimeout(limit);
        process.kill(-(child.pid as number), "SIGKILL"); // the browser and its own processes
        await end(child, "SIGKILL");
      }
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
