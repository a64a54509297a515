import { Page } from "./layout.tsx";

export interface ErrorPageProps {
  status: number;
  title: string;
  text: string;
  /** Where to go instead. */
  links?: { href: string; text: string }[];
}

/** Says what is not there or did not work, and what to do. */
export function ErrorPage({ status, title, text, links = [] }: ErrorPageProps) {
  const all = [...links, { href: "/", text: "All recipes" }, { href: "/queue", text: "The queue" }];
  return (
    <Page title={title}>
      <div class="empty error">
        <p class="status">{status}</p>
        <h1>{title}</h1>
        <p>{text}</p>
        <ul>
          {all.map((link) => (
            <li>
              <a href={link.href}>{link.text}</a>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  );
}
