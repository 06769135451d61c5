import { render } from 'preact';
import { App } from './app.tsx';
import { ConsoleProvider, ConsoleState } from './state/console-state.ts';
import './style.css';

const state = new ConsoleState();
void state.readSession();

render(
  <ConsoleProvider value={state}>
    <App />
  </ConsoleProvider>,
  document.getElementById('console')!,
);
