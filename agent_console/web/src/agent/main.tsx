// The page /agent.

import { SignedIn } from "../common/Session";
import { start } from "../common/start";
import { AgentApp } from "./AgentApp";

void start(
  <SignedIn roles={["agent"]}>
    <AgentApp />
  </SignedIn>,
  "title.agent",
);
