// Makes guessing at credentials slow.

export interface RefusalDelay {
  /** Waits as long as this name's refusals are worth. @returns how many there have been lately, this one included */
  after(name: string): Promise<number>;
}
