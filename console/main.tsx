// Starts the page.

import { render } from 'preact';
import { App } from './shell/app.tsx';
import { keepPreferences } from './shell/preferences.ts';
import { startSession } from './sign-in/session.ts';

keepPreferences();
const root = document.getElementById('page');
if (root) render(<App />, root);
void startSession();
