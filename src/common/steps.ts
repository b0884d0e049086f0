/** Does each step, whatever the steps before threw. @throws what the first that failed threw */
export function doAll(steps: readonly (() => void)[]): void {
  const failures: unknown[] = [];
  for (const step of steps)
    try {
      step();
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}
