// The page /supervisor.

import { SignedIn } from "../common/Session";
import { start } from "../common/start";
import { SupervisorApp } from "./SupervisorApp";

void start(
  <SignedIn roles={["supervisor", "administrator"]}>
    <SupervisorApp />
  </SignedIn>,
  "title.supervisor",
);
