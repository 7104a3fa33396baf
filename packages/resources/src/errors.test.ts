import { expect, it } from "vitest";
import { ResourceError, resourceErrorCodes } from "./errors.ts";

it("names its codes ERR_RESOURCE_<WHAT>, each once", () => {
  expect(new Set(resourceErrorCodes).size).toBe(resourceErrorCodes.length);
  for (const code of resourceErrorCodes) expect(code).toMatch(/^ERR_RESOURCE_[A-Z]+(_[A-Z]+)*$/);
  const error = new ResourceError({ code: "ERR_RESOURCE_INVALID", kind: "user", message: "m" });
  expect(error).toMatchObject({ name: "ResourceError", retryable: false });
});
