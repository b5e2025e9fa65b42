import { SYSTEM_SHELL } from '../support/launcher-cases.js';
import { describeRestoringLauncher } from '../support/launcher-restore-cases.js';

describeRestoringLauncher(SYSTEM_SHELL);
