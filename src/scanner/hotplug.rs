//! Tells when a device may have come: the kernel reports every change in the folders
//! where its name will be.
//!
//! inotify, not udev's netlink messages: it needs no address family and no udev
//! library, it sees the node, its permissions (udev sets them after the node is
//! there) and udev's links alike, and it works in a folder of a test. Several
//! reports come for one device, so the caller tries again at each of them.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use tokio::io::unix::AsyncFd;

/// A watch on some folders.
pub(crate) struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    /// Watches the folders of these names. A folder that is not there yet is watched
    /// for in the nearest one above it.
    pub(crate) fn new(names: &[PathBuf]) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let what = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
        for name in names {
            // A folder's own folder too: the folder may be made anew.
            let mut watched = 0;
            for folder in name.ancestors().skip(1) {
                if watched == 2 || folder == Path::new("/") {
                    break;
                }
                match inotify::add_watch(&inotify, folder, what | WatchFlags::ONLYDIR) {
                    Ok(_) => watched += 1,
                    Err(Errno::NOENT) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        super::reader::register(inotify).map(Self)
    }

    /// Waits for the next change. It says no more than that: look again.
    pub(crate) async fn changed(&mut self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable_mut().await?;
            match ready.try_io(|inotify| drain(inotify.get_ref())) {
                Ok(Ok(false)) | Err(_) => {}
                Ok(result) => return result.map(|_| ()),
            }
        }
    }
}

/// Takes what waits; whether there was anything.
fn drain(inotify: &OwnedFd) -> io::Result<bool> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(inotify, &mut buffer);
    let mut any = false;
    loop {
        match reader.next() {
            Ok(_) => any = true,
            Err(Errno::AGAIN) if any => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    /// Waits for a change, and for silence after it: one step may make several.
    async fn change(watch: &mut Watch) {
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, watch.changed())
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn a_node_its_permissions_and_its_link_are_each_told() {
        let dev = tempfile::tempdir().unwrap();
        let dev = dev.path();
        let links = dev.join("serial").join("by-id");
        let names = [links.join("usb-scanner")];
        fs::create_dir(dev.join("serial")).unwrap();
        let mut watch = Watch::new(&names).unwrap();
        fs::create_dir(&links).unwrap();
        change(&mut watch).await;

        let mut watch = Watch::new(&names).unwrap();
        symlink("../../ttyACM0", links.join(".tmp")).unwrap();
        change(&mut watch).await;
        fs::rename(links.join(".tmp"), &names[0]).unwrap();
        change(&mut watch).await;

        let node = dev.join("hidraw0");
        let mut watch = Watch::new(std::slice::from_ref(&node)).unwrap();
        fs::write(&node, "").unwrap();
        change(&mut watch).await;
        fs::set_permissions(&node, fs::Permissions::from_mode(0o660)).unwrap();
        change(&mut watch).await;
    }

    #[tokio::test]
    async fn folders_that_are_not_there_do_not_matter() {
        let dev = tempfile::tempdir().unwrap();
        let names = [dev.path().join("a/b/c"), dev.path().join("x")];
        let mut watch = Watch::new(&names).unwrap();
        fs::write(dev.path().join("x"), "").unwrap();
        change(&mut watch).await;
    }
}
