//! What a server process costs.

/// CPU seconds (user+sys, live children included) and RSS KiB of a process tree.
pub fn proc_use(pid: u32) -> (f64, u64) {
    let rd = |f: &str| std::fs::read_to_string(format!("/proc/{pid}/{f}")).unwrap_or_default();
    let st = rd("stat");
    let f: Vec<&str> = st.rsplit_once(')').map(|x| x.1).unwrap_or("").split_whitespace().collect();
    let g = |i: usize| f.get(i).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
    let mut cpu = (g(11) + g(12)) / 100.0;
    let mut rss = rd("status")
        .lines()
        .find(|l| l.starts_with("VmRSS"))
        .and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0);
    for c in rd(&format!("task/{pid}/children")).split_whitespace() {
        let (a, b) = proc_use(c.parse().unwrap_or(0));
        cpu += a;
        rss += b;
    }
    (cpu, rss)
}
