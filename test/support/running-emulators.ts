/** What of an emulator is needed to notice that it was left running. */
interface Running extends AsyncDisposable {
  readonly proxyAddress: string;
}

/** The emulators that tests of this process have started and not yet disposed of. */
export const runningEmulators: Set<Running> = new Set();
