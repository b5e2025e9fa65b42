import { describeLaunchers, SYSTEM_SHELL } from '../support/launcher-cases.js';

describeLaunchers(SYSTEM_SHELL);
