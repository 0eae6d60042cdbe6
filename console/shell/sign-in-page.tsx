// What stands in place of every page while no person with a role is signed in.

import { type Person, type Session, signIn, signOutHere, signOutOfMicrosoft } from '../sign-in/session.ts';
import { TEXTS } from '../texts.ts';

type NotIn = Exclude<Session, { state: 'signed-in' }> | { readonly state: 'no-role'; readonly person: Person };

export function SignInPage({ session }: { readonly session: NotIn }) {
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <p class="brand">{TEXTS.product}</p>
        <Inside session={session} />
      </div>
    </main>
  );
}

function Inside({ session }: { readonly session: NotIn }) {
  switch (session.state) {
    case 'starting':
      return <h1 class="quiet-heading">{TEXTS.starting}</h1>;
    case 'leaving':
      return <h1 class="quiet-heading">{TEXTS.leaving}</h1>;
    case 'signed-out':
      return (
        <>
          <h1>{TEXTS.signedOut}</h1>
          <p>{TEXTS.signedOutNote}</p>
          <SignInButton label={TEXTS.signIn} />
        </>
      );
    case 'no-role':
      return (
        <>
          <h1>{TEXTS.noRolesHeading}</h1>
          <p>
            {session.person.name} · {session.person.userName}
          </p>
          <p>{TEXTS.noRolesNote}</p>
          <p class="buttons">
            <button type="button" class="primary" onClick={() => void signOutHere().then(signIn)}>
              {TEXTS.signInAgain}
            </button>
            <button type="button" onClick={() => void signOutOfMicrosoft()}>
              {TEXTS.signOutOfMicrosoft}
            </button>
          </p>
        </>
      );
    case 'failed':
      return (
        <>
          <h1>{TEXTS.signInFailed}</h1>
          <p role="alert">{session.offline ? TEXTS.signInOffline : session.message}</p>
          <SignInButton label={TEXTS.tryAgain} />
        </>
      );
  }
}

function SignInButton({ label }: { readonly label: string }) {
  return (
    <p class="buttons">
      <button type="button" class="primary" onClick={() => void signIn()}>
        {label}
      </button>
    </p>
  );
}
