/** Makes guessing at credentials slow. */
export interface RefusalDelay {
  /** Waits as long as this name's refusals are worth. @returns how many there have been lately, this one included */
  after(name: string): Promise<number>;
  /** Whether the store may be asked once more for a name whose secret did not match. */
  mayLookAgain(name: string): boolean;
}
