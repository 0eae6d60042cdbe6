// The part of rhea's own module that the settlement guard looks into; rhea's types leave it out.

declare module 'rhea/lib/session.js' {
  class Session {
    constructor(connection: { options: object }, localChannel: number);
    readonly incoming: object;
  }
  export = Session;
}
