import { type MockInstance, vi } from "vitest";

/** Collects what is written to a stream of this process instead of showing it. */
export function captureStream(name: "stdout" | "stderr"): { text(): string } & Disposable {
  const chunks: string[] = [];
  const spy: MockInstance = vi.spyOn(process[name], "write").mockImplementation((chunk) => {
    chunks.push(String(chunk));
    return true;
  });
  return { text: () => chunks.join(""), [Symbol.dispose]: () => spy.mockRestore() };
}
