import { describeLaunchers } from '../support/launcher-cases.js';
import { SHELLS } from '../support/shells.js';

for (const shell of SHELLS) describeLaunchers(shell);
