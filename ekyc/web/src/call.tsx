// The entry of /call#<join token>.

import { showPage } from "./common/page";
import { CallPageView } from "./join/call-page";
import { takeJoinToken } from "./join/join";

const token = takeJoinToken();
// Another link opened in this tab changes only the fragment, of which a page is not told.
window.addEventListener("hashchange", () => location.reload());
void showPage(<CallPageView token={token} />);
