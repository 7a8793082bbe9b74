//! libvirt's event loop, and domain events out of it.
//!
//! The bindings cover no domain events, so two callbacks are registered through the C interface. A callback may not call
//! libvirt: it only passes the machine's name on.

use super::super::{Event, Watcher};
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};
use std::sync::{Arc, OnceLock};
use virt::connect::Connect;
use virt::error::Error;
use virt::sys;

/// Start the process's one event loop; later calls do nothing. Must come before any connection is opened.
pub fn start_loop() -> Result<(), Error> {
    static STARTED: OnceLock<Result<(), Error>> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            // Errors come back from the calls; libvirt need not print them too.
            virt::error::clear_error_callback();
            virt::event::event_register_default_impl()?;
            std::thread::Builder::new()
                .name("libvirt-events".into())
                .spawn(|| {
                    loop {
                        if let Err(e) = virt::event::event_run_default_impl() {
                            tracing::warn!(error = e.message(), "libvirt's event loop");
                            std::thread::sleep(std::time::Duration::from_millis(100));
                        }
                    }
                })
                .expect("the operating system gives a thread");
            Ok(())
        })
        .clone()
}

/// Tell `watcher` of machines that start, stop or are reset, for as long as the process lives.
pub fn watch(conn: &Connect, watcher: Watcher) -> Result<(), Error> {
    let watcher = Arc::new(watcher);
    type Lifecycle = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void);
    type Generic = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);
    // SAFETY: libvirt calls a lifecycle callback with exactly the arguments of `on_lifecycle`; its generic type only
    // erases them, as libvirt's VIR_DOMAIN_EVENT_CALLBACK macro does.
    let lifecycle = unsafe { std::mem::transmute::<Lifecycle, Generic>(on_lifecycle) };
    register(conn, sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE as c_int, lifecycle, watcher.clone())?;
    register(conn, sys::VIR_DOMAIN_EVENT_ID_REBOOT as c_int, on_reboot, watcher)
}

fn register(
    conn: &Connect,
    id: c_int,
    callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
    watcher: Arc<Watcher>,
) -> Result<(), Error> {
    let opaque = Box::into_raw(Box::new(watcher)).cast::<c_void>();
    // SAFETY: `opaque` is a boxed `Arc<Watcher>` which only `free` releases; the connection outlives the process's use.
    let n = unsafe {
        sys::virConnectDomainEventRegisterAny(
            conn.as_ptr(),
            std::ptr::null_mut(),
            id,
            Some(callback),
            opaque,
            Some(free),
        )
    };
    if n < 0 {
        // SAFETY: registration failed, so libvirt never calls `free` on it.
        drop(unsafe { Box::from_raw(opaque.cast::<Arc<Watcher>>()) });
        return Err(Error::last_error());
    }
    Ok(())
}

unsafe fn tell(domain: sys::virDomainPtr, opaque: *mut c_void, event: impl Fn(String) -> Event) {
    // SAFETY: libvirt hands back the pointer that `register` gave, and a domain that lives during the call.
    let (watcher, name) = unsafe { (&*opaque.cast::<Arc<Watcher>>(), sys::virDomainGetName(domain)) };
    if name.is_null() {
        return watcher(Event::All);
    }
    // SAFETY: a domain's name is a C string that lives as long as the domain.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    watcher(event(name));
}

unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: the arguments are libvirt's own.
    unsafe { tell(domain, opaque, Event::Changed) }
}

unsafe extern "C" fn on_reboot(_: sys::virConnectPtr, domain: sys::virDomainPtr, opaque: *mut c_void) {
    // SAFETY: the arguments are libvirt's own.
    unsafe { tell(domain, opaque, Event::Rebooted) }
}

unsafe extern "C" fn free(opaque: *mut c_void) {
    // SAFETY: called once by libvirt for each registration, with the pointer that `register` gave.
    drop(unsafe { Box::from_raw(opaque.cast::<Arc<Watcher>>()) });
}
