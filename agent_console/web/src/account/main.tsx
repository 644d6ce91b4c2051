// The page /account.

import { start } from "../common/start";
import { AccountApp } from "./AccountApp";

void start(<AccountApp />, "title.account");
